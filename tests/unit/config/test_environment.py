"""The client's environment."""

from pathlib import Path

from farpoint.config.environment import endpoint_suffix, read_environment, shown_region

CREDENTIALS = {"AZURE_TENANT_ID": "t", "AZURE_CLIENT_ID": "c", "AZURE_CLIENT_SECRET": "s3cret", "AZURE_SUBSCRIPTION_ID": "s"}


def test_regions_come_from_their_variables() -> None:
    read = read_environment(
        {**CREDENTIALS, "FARPOINT_ENDPOINT": "https://a", "FARPOINT_ENDPOINT_WEST_US": "https://b/", "FARPOINT_CA_FILE": "/ca.crt"}
    )
    assert read.endpoints == {"WEST_US": "https://b"}
    assert (read.ca_file, read.missing) == (Path("/ca.crt"), ())


def test_one_endpoint_alone_is_a_region_without_a_name() -> None:
    assert read_environment({**CREDENTIALS, "FARPOINT_ENDPOINT": "https://a"}).endpoints == {"": "https://a"}


def test_what_is_missing_is_named() -> None:
    assert read_environment({"AZURE_TENANT_ID": "t"}).missing == (
        "FARPOINT_ENDPOINT",
        "AZURE_CLIENT_ID",
        "AZURE_CLIENT_SECRET",
        "AZURE_SUBSCRIPTION_ID",
    )


def test_the_secret_is_not_printed() -> None:
    assert "s3cret" not in repr(read_environment(CREDENTIALS))


def test_a_regions_variable_is_its_name_in_upper_case() -> None:
    assert [endpoint_suffix(name) for name in ("westus", "west-us", "West US")] == ["WESTUS", "WEST_US", "WESTUS"]
    assert shown_region("WEST_US") == "west-us"
