"""The part of `make demo` that goes through the unmodified wandb client: a network that learns to read digits, step by
step, its data set and weights as artifacts, and the best of them linked into the registry.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

MODEL = "digit-network"
EPOCHS = 60
WIDTHS = (8, 24, 64)  # neurons of the hidden layer, one run each


def tell(url: str) -> None:
    """Train, log and link, through the server at `url`."""
    with client_of(url) as wandb, tempfile.TemporaryDirectory() as folder:
        best = max((train(wandb, width, Path(folder)) for width in WIDTHS), key=lambda result: result[0])
        link(wandb, best[1])


@contextmanager
def client_of(url: str) -> Iterator[Any]:
    """The client, its files kept out of the way."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("DIR", "CACHE_DIR", "CONFIG_DIR", "DATA_DIR", "ARTIFACT_DIR"):
            os.environ[f"WANDB_{name}"] = folder
        os.environ |= {"WANDB_BASE_URL": url, "WANDB_SILENT": "true", "WANDB_CONSOLE": "wrap"}
        os.environ.setdefault("WANDB_API_KEY", "local-" + "0" * 40)  # a server without accounts takes any
        import wandb  # noqa: PLC0415  loads for seconds

        try:
            yield wandb
        finally:
            wandb.teardown()


def train(wandb: Any, width: int, folder: Path) -> tuple[float, str]:
    """One run; its accuracy on held-out digits, and the name of the artifact with its weights."""
    import joblib  # noqa: PLC0415
    import numpy as np  # noqa: PLC0415
    from sklearn.datasets import load_digits  # noqa: PLC0415
    from sklearn.metrics import log_loss  # noqa: PLC0415
    from sklearn.model_selection import train_test_split  # noqa: PLC0415
    from sklearn.neural_network import MLPClassifier  # noqa: PLC0415

    digits = load_digits()
    train_x, test_x, train_y, test_y = train_test_split(digits.data / 16, digits.target, random_state=7)
    config = {"width": width, "epochs": EPOCHS, "optimizer": {"name": "adam", "learning_rate": 0.002}}
    with wandb.init(project=MODEL, name=f"width {width}", config=config, tags=["digits"], group="widths") as run:
        data = wandb.Artifact("digits", "dataset", description="1,797 digits of 8 by 8 pixels, from scikit-learn")
        with data.new_file("digits.npz", mode="wb") as file:
            np.savez_compressed(file, data=digits.data, target=digits.target)
        run.use_artifact(data)
        network = MLPClassifier((width,), learning_rate_init=0.002, random_state=3)
        for epoch in range(EPOCHS):
            network.partial_fit(train_x, train_y, classes=range(10))
            guess = network.predict_proba(test_x)
            accuracy = float(network.score(test_x, test_y))
            run.log({"train/loss": network.loss_, "val/loss": log_loss(test_y, guess), "val/accuracy": accuracy})
            if epoch % 20 == 0:
                print(f"epoch {epoch}: {accuracy:.3f} of the held-out digits are read right")
        run.log({"samples": [_picture(wandb, digit, network.predict([digit])[0]) for digit in test_x[:8]]})
        path = folder / f"network-{width}.joblib"
        joblib.dump(network, path)
        weights = wandb.Artifact(f"{MODEL}-{width}", "model", metadata={"accuracy": accuracy, "width": width})
        weights.add_file(str(path), "network.joblib")
        run.log_artifact(weights).wait()
    return accuracy, f"{MODEL}/{MODEL}-{width}:latest"


def _picture(wandb: Any, digit: Any, read_as: int) -> Any:
    """A digit as large as a stamp, dark on light, with what it was read as."""
    import numpy as np  # noqa: PLC0415

    pixels = 255 - (digit.reshape(8, 8) * 255).astype("uint8")
    return wandb.Image(np.kron(pixels, np.ones((16, 16), dtype="uint8")), caption=f"read as {read_as}")


def link(wandb: Any, name: str) -> None:
    """Put an artifact into the registry of models, where mlflow's client finds it too."""
    wandb.Api().artifact(name).link(f"wandb-registry-model/{MODEL}", aliases=["candidate"])
