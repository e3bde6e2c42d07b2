"""ESP's national audit: figures, findings, and the report in every form."""

from kitloan.audit.auditor import Audit, Auditor
from kitloan.audit.figures import Figures, Group, Totals
from kitloan.audit.findings import CODES, WORST_FIRST, Finding

__all__ = ["CODES", "WORST_FIRST", "Audit", "Auditor", "Figures", "Finding", "Group", "Totals"]
