export interface Finding {
  /** `skipped` says why in the detail. */
  status: 'ok' | 'warning' | 'failed' | 'skipped';
  detail: string;
  /** What the operator can do about it. */
  remedy?: string;
}

export interface Check {
  name: string;
  run(): Promise<Finding>;
}

export interface CheckedFinding extends Finding {
  name: string;
}

const PATIENCE_MS = 15_000;

/** One after the other, each with a deadline; what throws has failed. */
export async function runChecks(checks: readonly Check[], onEach: (index: number) => void): Promise<CheckedFinding[]> {
  const findings: CheckedFinding[] = [];
  for (const [index, { name, run }] of checks.entries()) {
    onEach(index);
    findings.push({ name, ...(await withDeadline(run()).catch(failed)) });
  }
  return findings;
}

function failed(error: unknown): Finding {
  const { message, hint } = error as Error & { hint?: string | null };
  return { status: 'failed', detail: message || String(error), ...(hint ? { remedy: hint } : {}) };
}

async function withDeadline(work: Promise<Finding>): Promise<Finding> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Finding>((resolve) => {
    timer = setTimeout(
      () => resolve({ status: 'failed', detail: `no answer within ${PATIENCE_MS / 1000} s` }),
      PATIENCE_MS,
    );
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
