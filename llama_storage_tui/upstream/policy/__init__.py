"""Whether a server of some version lets a user read a stored row: its SQL filter, then its policy in Python.

Source: `core/access_control/` and `sqlstore/authorized_sqlstore.py` of llama-stack 0.3.0 to 0.7.3 and ogx 0.8.0 to 1.5.0; the
decisions of 0.3.5, 0.7.3 and 1.5.0 are recorded in tests/oracle and replayed.
"""
