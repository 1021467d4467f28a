"""How the messages of edges come to their nodes in PyTorch: forms of the sums of `gnn`. `FORMS`: by name what makes one, once for
a graph as a data set would, from its edges [2,E] (sources, targets) and the number of nodes. gnn_forms.py times them."""

import torch
import torch.nn.functional as F


class IndexAdd:
    def __init__(self, edges, nodes):
        self.edges, self.nodes = edges, nodes

    def ends(self, x):
        """The features [N,F] of the target and of the source of each edge, [E,F] both."""
        return x.index_select(0, self.edges[1]), x.index_select(0, self.edges[0])

    def zeros(self, messages):
        return messages.new_zeros(self.nodes, messages.shape[1])

    def sums(self, messages):
        """[E,F] to [N,F]"""
        return self.zeros(messages).index_add(0, self.edges[1], messages)


class ScatterAdd(IndexAdd):
    def sums(self, messages):
        return self.zeros(messages).scatter_add(0, self.edges[1][:, None].expand_as(messages), messages)


class Segments(IndexAdd):
    """Of edges sorted by target."""

    def __init__(self, edges, nodes):
        super().__init__(edges, nodes)
        self.lengths = torch.bincount(edges[1], minlength=nodes)

    def sums(self, messages):
        return torch.segment_reduce(messages, "sum", lengths=self.lengths, unsafe=True)


class Dense(IndexAdd):
    def __init__(self, edges, nodes):
        super().__init__(edges, nodes)
        self.incidence = F.one_hot(edges[1], nodes).T.float().contiguous()

    def sums(self, messages):
        return self.incidence @ messages


class Transposable(IndexAdd):
    """Sums and the gradients of choices are the same function, `summed`, of what `rows` makes of an index; the gradient of a sum
    is a choice. A subclass has both, by `functions`."""

    def __init__(self, edges, nodes):
        super().__init__(edges, nodes)
        self.of_sources, self.of_targets = (self.rows(index, nodes) for index in edges)

    def ends(self, x):
        return self.choice.apply(x, self.edges[1], *self.of_targets), self.choice.apply(x, self.edges[0], *self.of_sources)

    def sums(self, messages):
        return self.sum.apply(messages, self.edges[1], *self.of_targets)


def functions(summed):
    """The choice of rows and their sum as differentiable functions of (values, index, what `rows` made of it)."""

    class Choice(torch.autograd.Function):
        @staticmethod
        def forward(context, x, index, *rows):
            context.save_for_backward(*rows)
            return x.index_select(0, index)

        @staticmethod
        def backward(context, gradient):
            rows = context.saved_tensors
            return summed(gradient.contiguous(), *rows), None, *[None] * len(rows)

    class Sum(torch.autograd.Function):
        @staticmethod
        def forward(context, messages, index, *rows):
            context.save_for_backward(index)
            context.count = len(rows)
            return summed(messages, *rows)

        @staticmethod
        def backward(context, gradient):
            return gradient.index_select(0, context.saved_tensors[0]), None, *[None] * context.count

    return Choice, Sum


def starts(index, nodes):
    """Where the edges of each node begin if they are sorted, [N + 1]."""
    return F.pad(torch.cumsum(torch.bincount(index, minlength=nodes), 0), (1, 0))


class CSR(Transposable):
    """Products with the incidence matrix."""

    choice, sum = functions(lambda values, incidence: incidence @ values)

    @staticmethod
    def rows(index, nodes):
        order = torch.argsort(index, stable=True)
        return (torch.sparse_csr_tensor(starts(index, nodes), order, torch.ones(len(index)), (nodes, len(index))),)


class Bags(Transposable):
    """Sums of bags of rows."""

    choice, sum = functions(
        lambda values, order, offsets: F.embedding_bag(order, values, offsets, mode="sum", include_last_offset=True))

    @staticmethod
    def rows(index, nodes):
        return torch.argsort(index, stable=True), starts(index, nodes)


def sorted_by_target(form):
    return lambda edges, nodes: form(edges[:, torch.argsort(edges[1], stable=True)].contiguous(), nodes)


FORMS = {
    "index_add": IndexAdd,
    "index_add, sorted": sorted_by_target(IndexAdd),
    "scatter_add": ScatterAdd,
    "scatter_add, sorted": sorted_by_target(ScatterAdd),
    "segment_reduce, sorted": sorted_by_target(Segments),
    "CSR product": CSR,
    "CSR product, sorted": sorted_by_target(CSR),
    "embedding_bag": Bags,
    "embedding_bag, sorted": sorted_by_target(Bags),
    "dense product": Dense,
}
FASTEST = {"eager": "embedding_bag, sorted", "compile": "index_add"}
