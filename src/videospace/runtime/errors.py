"""The one kind of error that a user is meant to read."""


class UserError(ValueError):
    """Something a user can put right: the message says what was expected and what came.

    The command line prints it as one line and exits with status 2, without a traceback.

    Example:
        >>> raise UserError("expected a clip store, but 'films' has no store.json")
        Traceback (most recent call last):
        ...
        videospace.runtime.errors.UserError: expected a clip store, but 'films' has no store.json
    """


class BusyError(UserError):
    """Others are being served; the same call may succeed later."""


class AlreadyToldError(UserError):
    """Why this process ends, which another process of the run has told; nothing is printed."""
