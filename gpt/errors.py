"""The one kind of error that is the user's to mend.

A wrong option, a broken file, a record without an output: each is raised as a `UserError` (or a
subclass that says where) whose message is one line: which file, which entry, what is wrong, what
to do. The scripts print that line and exit with status 2. Any other exception is a bug of ours
and keeps its traceback. It lives in the lowest room because every room raises it.
"""


class UserError(ValueError):
    """A mistake of the user's, told in one line that says what to do about it."""
