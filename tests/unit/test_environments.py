"""The packages that the files of a model name."""

from podium.domain.environments import environment_of, packages_of

REQUIREMENTS = """
# made by mlflow
mlflow==3.1
Scikit_Learn==1.6.0  # pinned
pandas[excel]>=2,<3
-r more.txt
numpy
"""
CONDA = """channels:
- conda-forge
dependencies:
- python=3.11.7
- pip<=23.2.1
- pip:
  - mlflow==3.0
  - "xgboost==2.0"
name: mlflow-env
"""
PYTHON = """python: 3.11.7
build_dependencies:
- pip==23.2.1
- wheel
dependencies:
- -r requirements.txt
"""


def test_requirements_are_read_line_by_line():
    assert packages_of(REQUIREMENTS) == {
        "mlflow": "==3.1",
        "scikit-learn": "==1.6.0",
        "pandas[excel]": ">=2,<3",
        "numpy": "any",
    }


def test_files_of_conda_and_python_say_it_in_the_same_form():
    assert packages_of(CONDA) == {"python": "==3.11.7", "pip": "<=23.2.1", "mlflow": "==3.0", "xgboost": "==2.0"}
    assert packages_of(PYTHON) == {"python": "==3.11.7", "pip": "==23.2.1", "wheel": "any"}


def test_the_requirements_are_believed_before_the_others():
    found = environment_of({"conda.yaml": CONDA, "requirements.txt": REQUIREMENTS, "python_env.yaml": PYTHON})
    assert (found["mlflow"], found["python"], found["wheel"]) == ("==3.1", "==3.11.7", "any")
    assert environment_of({}) == {}
