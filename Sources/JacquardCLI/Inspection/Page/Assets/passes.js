// The way of the graph through the compiler: figures, passes, times.

views.passes = {
  title: "Passes",

  has([], parameters) { return Object.keys(parameters).length === 0; },

  show(section) {
    section.replaceChildren(heading(2, "From model to loops"), facts(summary()), ...passTables());
  },
};

function summary() {
  const memory = parts.memory;
  const cost = kernels.reduce((sum, kernel) => sum + spent(kernel), 0);
  const before = parts.kernels?.kernels_before_fusion;
  const graph = stages[0]?.document;
  return [
    ["nodes", graph ? [link(ref("graph", [0]), `${number(graph.nodes.length)} as written`), ", ",
      link(ref("graph", [last]), `${number(stages[last].document.nodes.length)} after the passes`)] : null],
    ["kernels", [before === undefined ? "" : `${number(before)} before fusion, `,
      link(ref("kernels"), `${number(kernels.length)} in the plan`)]],
    [isMeasured ? "measured time" : "estimated time", isMeasured ? `${time(cost)} in kernels` : `${time(cost)} on one thread`],
    ["arena", [link(ref("memory"), bytes(memory.arena_bytes)),
      ` (lower bound ${bytes(memory.arena_lower_bound_bytes)}, without sharing ${bytes(memory.arena_naive_bytes)})`]],
    ["parameters and states", `${bytes(memory.parameter_bytes)} and ${bytes(memory.state_bytes)}`],
    ["sizes", Object.entries(parts.plan.bindings).map(([symbol, size]) => `${symbol} = ${size}`).join(", ")],
  ];
}

function passTables() {
  if (!optimized) return [paragraph("This is a compiled plan; it does not know the passes that its graph went through.")];
  const rows = optimized.passes.map((pass) => {
    const stage = stages.findIndex((other) => other.pass === pass);
    const name = stage < 0 ? pass.name : link(ref("changes", [stage - 1, stage]), pass.name);
    const rules = pass.rules.slice(0,
      6).map(({ rule, count }) => [link(ref("changes", [stage - 1, stage], { rule }), rule),
      count > 1 ? ` × ${number(count)}` : ""]);
    if (pass.rules.length > 6) rules.push(`${pass.rules.length - 6} more`);
    return [name, pass.explanation, { sort: pass.ms, show: milliseconds(pass.ms) }, pass.nodes_before, pass.nodes_after,
      rules.length > 0 ? joined(rules) : pass.skipped ? "nothing to do" : "none"];
  });
  const times = optimized.times.map(({ step, ms }) => [step, { sort: ms, show: milliseconds(ms) }]);
  return [
    table("Passes over the graph, in order", [{ title: "pass" }, { title: "what it does" }, { title: "time", number: true },
      { title: "nodes before", number: true }, { title: "nodes after", number: true }, { title: "rules that fired" }], rows),
    table("Steps of the compilation", [{ title: "step" }, { title: "time", number: true }], times),
  ];
}
