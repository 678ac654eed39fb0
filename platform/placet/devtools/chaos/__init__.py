"""Real processes killed at random under real load; afterwards the log is asked whether the promises held."""
