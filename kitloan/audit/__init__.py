"""ESP's national audit: figures, findings, and the report in every form."""

from kitloan.audit.auditor import Audit, Auditor
from kitloan.audit.census import Scope
from kitloan.audit.findings import CODES, WORST_FIRST, Finding
from kitloan.audit.measures import MEASURES, FigureGroup, Measure, MeasureCounts

__all__ = [
    "CODES",
    "MEASURES",
    "WORST_FIRST",
    "Audit",
    "Auditor",
    "FigureGroup",
    "Finding",
    "Measure",
    "MeasureCounts",
    "Scope",
]
