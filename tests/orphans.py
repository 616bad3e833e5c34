"""No process of a test outlives it, not even one whose pytest was killed: the system ends it when the thread that started it is gone."""

#: Put before a command that has to end others in order, as `dev up` has.
DIES_IN_ORDER = ("setpriv", "--pdeathsig", "TERM", "--")
#: Put before any other command: it may be stopped, or deaf to SIGTERM.
DIES_AT_ONCE = ("setpriv", "--pdeathsig", "KILL", "--")
