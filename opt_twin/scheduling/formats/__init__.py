"""The formats of instance files: one module for each family, and the table of all of them."""

from opt_twin.scheduling.formats.format import BESIDES, Draft, Format, not_held
from opt_twin.scheduling.formats.json_format import instance_schema
from opt_twin.scheduling.formats.table import FORMATS, format_named, format_of_text, format_to_write
from opt_twin.scheduling.formats.text import LARGEST_SIZE, Source, source_of

__all__ = [
    "BESIDES",
    "FORMATS",
    "LARGEST_SIZE",
    "Draft",
    "Format",
    "Source",
    "format_named",
    "format_of_text",
    "format_to_write",
    "instance_schema",
    "not_held",
    "source_of",
]
