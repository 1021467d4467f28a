"""operations.json and operations.safetensors: every plain operation and composite, one or more cases each."""

from .arrangement import add_arrangement
from .cases import Cases
from .composites import add_composites
from .elementwise import add_elementwise
from .files import write_json, write_tensors
from .functions import add_functions
from .linear_algebra import add_linear_algebra
from .reductions import add_reductions
from .sampling import add_sampling
from .structure import add_structure


# In this order for ever: a part's place decides what it draws.
PARTS = (add_elementwise, add_reductions, add_structure, add_composites, add_functions, add_arrangement,
         add_linear_algebra, add_sampling)


def write(folder):
    """Writes operations.json and operations.safetensors."""
    cases = Cases()
    for number, part in enumerate(PARTS):
        cases.draws = 100_000 * number  # so that a case added to one part leaves the inputs of the others alone
        part(cases)
    head = {"format": "jacquard.goldens.operations", "version": 1}
    return [
        write_json(folder / "operations.json", head, cases=cases.entries),
        write_tensors(folder / "operations.safetensors", cases.tensors),
    ]
