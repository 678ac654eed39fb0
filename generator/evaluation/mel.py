"""Mel spectra, the input of the audio autoencoder: log energy in 16 bands, a hundred times a second."""

from functools import cache
from typing import Final

import torch
from torch import Tensor

RATE: Final = 16_000
BANDS: Final = 16
HOP: Final = 160
LENGTH: Final = 512
LOWEST, HIGHEST = 80.0, 6_000.0
QUIET: Final = 1e-5
MIDDLE, SPREAD = -3.0, 2.0
"""Of the base-10 logarithm; normalised values lie in about -1..1.5."""


def spectra(pcm: Tensor) -> Tensor:
    """`pcm` [B, samples] -> [B, 1, frames, 16]; frame n is centred at n x 10 ms."""
    window = torch.hann_window(LENGTH, device=pcm.device)
    power = torch.stft(pcm, LENGTH, HOP, window=window, return_complex=True, pad_mode="constant").abs() ** 2
    energy = power.transpose(1, 2) @ _bands(pcm.device) / LENGTH
    return ((energy.clamp(min=QUIET).log10() - MIDDLE) / SPREAD)[:, None]


def frames_of(pcm: Tensor) -> Tensor:
    """Spectra cut to a number of frames that the autoencoder returns: 4 n - 3."""
    found = spectra(pcm)
    return found[:, :, : (found.shape[2] - 1) // 4 * 4 + 1]


@cache
def _bands(device: torch.device) -> Tensor:
    """Triangular filters, evenly spaced in mel (Stevens, Volkmann and Newman) [257, 16]."""
    mels = torch.linspace(_mel(LOWEST), _mel(HIGHEST), BANDS + 2, device=device)
    edges = 700 * (10 ** (mels / 2595) - 1)
    bins = torch.arange(LENGTH // 2 + 1, device=device)[:, None] * RATE / LENGTH
    rising = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    return torch.minimum(rising, falling).clamp(min=0)


def _mel(hertz: float) -> float:
    return float(2595 * torch.log10(torch.tensor(1 + hertz / 700)))
