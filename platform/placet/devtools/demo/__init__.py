"""The guided demo, through the same processes and the same commands as everything else."""
