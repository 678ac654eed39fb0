"""How things stand: one set of measures, and what is made of it: alarms, `placet status`, `/readyz`, `/metrics`."""
