"""Text as the checks read it: folded, with a way back to the words that the asker wrote."""
