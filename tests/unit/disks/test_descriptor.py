"""A descriptor that many threads use and one closes."""

import os
import threading

import pytest

from farpoint.disks.descriptor import Descriptor


def test_close_waits_for_those_who_use_it() -> None:
    read_end, write_end = os.pipe()
    descriptor = Descriptor(read_end)
    closed = threading.Event()
    received: list[bytes] = []
    entered = threading.Event()

    def read() -> None:
        with descriptor as number:
            entered.set()
            received.append(os.read(number, 1))

    def close() -> None:
        descriptor.close()
        closed.set()

    reader, closer = threading.Thread(target=read), threading.Thread(target=close)
    reader.start()
    entered.wait()
    closer.start()
    assert not closed.wait(0.05)
    os.write(write_end, b"x")
    reader.join()
    closer.join()
    os.close(write_end)
    assert received == [b"x"]
    assert closed.is_set()


def test_a_closed_descriptor_is_used_no_more_even_when_its_number_is_another_file_s() -> None:
    first = os.open("/dev/null", os.O_RDONLY)
    descriptor = Descriptor(first)
    descriptor.close()
    second = os.open("/dev/zero", os.O_RDONLY)
    try:
        with pytest.raises(ValueError, match="closed"), descriptor:
            pass
    finally:
        os.close(second)
