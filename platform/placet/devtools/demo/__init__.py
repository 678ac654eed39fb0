"""The story that `placet demo` tells, through the same processes and the same commands as everything else."""
