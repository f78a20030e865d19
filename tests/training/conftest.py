from __future__ import annotations

import tests.training.tiny  # noqa: F401  (names the backbone `tiny`)
