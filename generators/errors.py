"""The one base class of the generators' own errors: what was wrong, where, and what to do."""


class GeneratorError(Exception):
    """Something was asked for that cannot be made. `where` names the file, key or element, `remedy` says what to change."""

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        self.what, self.where, self.remedy = what, where, remedy
        super().__init__(what, where, remedy)

    def __str__(self) -> str:
        located = f"{self.where}: {self.what}" if self.where else self.what
        return f"{located}; {self.remedy}" if self.remedy else located
