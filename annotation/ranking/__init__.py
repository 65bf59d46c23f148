"""Which segment first: expected errors removed per expert second. PURE: no Django, no database.

Errors per second of the expert rather than bare uncertainty: Sperber et al. 2014 (TACL 2, "On-the-fly
user modeling for cost-sensitive correction of speech transcripts" and its successors).
"""
