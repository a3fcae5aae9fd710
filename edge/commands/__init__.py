"""Commands from the centre: signed, bound to the node, each counter once, a closed list, an audit line each."""

from edge.commands.audit import Audit
from edge.commands.gate import Gate
from edge.commands.orders import ORDERS, Commanded
from edge.commands.rejected import Rejected

__all__ = ["ORDERS", "Audit", "Commanded", "Gate", "Rejected"]
