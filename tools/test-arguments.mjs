const LIMITS_WORKERS = /^(--maxWorkers\b|-w\b|--runInBand$|-i$)/;

/**
 * Splits the arguments of `npm test --` into ours and Jest's. `--unit` leaves out everything that needs a service;
 * workers default to the cores, two at least because many specs wait more than they compute, and four at most
 * because every one of them loads the applications.
 */
export function parseTestArguments(options, cores) {
  const isUnitOnly = options.includes('--unit');
  const forwarded = options.filter((option) => option !== '--unit');
  const workers = forwarded.some((option) => LIMITS_WORKERS.test(option))
    ? []
    : [`--maxWorkers=${Math.min(4, Math.max(2, cores))}`];
  const projects = isUnitOnly ? ['--selectProjects=unit'] : [];
  // An option that takes one value, between those that take any number and the paths that somebody may have given.
  const fence = '--config=jest.config.mjs';
  return { isUnitOnly, jestArguments: [...projects, fence, ...workers, ...forwarded] };
}
