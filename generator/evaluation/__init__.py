"""Evaluation of generated clips: fixed prompts, detectors for pictures and sound, scores."""
