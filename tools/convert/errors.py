"""What goes wrong, with the codes of docs/errors.md."""


class ConvertError(Exception):
    """A failure that the message explains: what was expected, what was found, what to try."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
