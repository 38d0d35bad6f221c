"""The door for files: lines in YAML, their schema."""

from opt_twin.io.read_line import Origin, explain, read_line, read_line_text
from opt_twin.io.schema import line_schema
from opt_twin.io.write_line import write_line

__all__ = ["Origin", "explain", "line_schema", "read_line", "read_line_text", "write_line"]
