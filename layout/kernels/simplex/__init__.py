"""The linear relaxation over some of the cells, by a dual simplex that adds constraints as they are broken.

A cell is a column: 1 if its option stands in its slot. Each slot holds one option in all (equations that are
always there); a shelf stands in one slot at most, and every row has an upper and a lower limit. Of these only
those that some solution on the way broke are in the basis matrix, and leave it between solves once they do
not bind, so that it stays small (tens of constraints); its inverse is kept explicitly. A sixth of it is not
zero, so that constraints which a pivot does not concern are passed over. A soft row is a constraint with a
column of its own for the excess. Pricing is by dual steepest edge (Forrest and Goldfarb 1992), whose norms
the inverse gives for free.

Everything here is in floating point and nothing may rest on it: it proposes prices, and bounds are added up
from them in integers elsewhere. The sequence of operations is fixed, so that the proposals are the same on
every machine.
"""
