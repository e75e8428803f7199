"""`python -I -S as_user.py <user> <program> <argument>...`: become the user, then the program.

A file of its own, because Python can do this in the child of a fork only, and forking a process with gRPC in it makes
gRPC complain on standard error.
"""

import os
import pwd
import sys


def main(name: str, program: list[str]) -> None:
    user = pwd.getpwnam(name)
    os.setgroups([])
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)
    os.execv(program[0], program)  # noqa: S606 - without a shell, as it should be


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
