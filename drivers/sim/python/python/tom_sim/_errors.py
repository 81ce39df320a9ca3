"""What can be wrong with what is asked."""


class ScenarioError(ValueError):
    """A scenario, or a file it names, cannot be used: where, why, and what would be right."""

    def __init__(self, file: str, line: int, problem: str, remedy: str) -> None:
        # All four as arguments: so it can be pickled, and raised again on another machine.
        super().__init__(file, line, problem, remedy)
        self.file = file
        self.line = line
        self.problem = problem
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.problem}; {self.remedy}"
