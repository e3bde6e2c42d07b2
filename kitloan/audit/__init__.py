"""ESP's national audit: figures, findings, and the report in every form."""

from kitloan.audit.figures import (
    WORST_FIRST,
    Audit,
    Auditor,
    Figures,
    Finding,
    Group,
    Totals,
)

__all__ = ["WORST_FIRST", "Audit", "Auditor", "Figures", "Finding", "Group", "Totals"]
