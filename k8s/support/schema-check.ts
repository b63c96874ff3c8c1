import { rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import ts from 'typescript';

const ROOT = resolve(import.meta.dirname, '../..');

export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
  [field: string]: unknown;
}

/** Groups of custom resources, and the packages of their published types. */
const PACKAGES: Record<string, string> = {
  'keda.sh': '@kubernetes-models/keda',
  'monitoring.coreos.com': '@kubernetes-models/prometheus-operator',
  'postgresql.cnpg.io': '@kubernetes-models/cloudnative-pg',
  'external-secrets.io': '@kubernetes-models/external-secrets',
};
/** Versions whose types are published only under the name they had before. */
const SAME_AS: Record<string, string> = { 'external-secrets.io/v1': 'external-secrets.io/v1beta1' };

export interface SchemaCheck {
  /** One line each. */
  faults: string[];
  /** Objects of which no schema is at hand. */
  unknown: string[];
}

/**
 * Holds manifests against the published Kubernetes types. The validators of `kubernetes-models` let unknown fields pass,
 * its declarations do not: each object becomes a typed literal, and the compiler finds what the schema does not know.
 */
export async function checkSchemas(all: readonly Manifest[]): Promise<SchemaCheck> {
  const manifests = all.filter((manifest) => typeOf(manifest) !== null);
  const unknown = all.filter((manifest) => typeOf(manifest) === null).map(nameOf);
  return { faults: await schemaFaults(manifests), unknown };
}

const nameOf = ({ kind, metadata }: Manifest) => `${kind} ${metadata.name}`;

/** The type that a manifest must have; null when it is not known. */
function typeOf({ apiVersion, kind }: Manifest): string | null {
  const version = SAME_AS[apiVersion] ?? apiVersion;
  const [group] = version.split('/');
  const isBuiltIn = !version.includes('/') || !group!.includes('.') || group!.endsWith('.k8s.io');
  const from = isBuiltIn ? 'kubernetes-models' : PACKAGES[group!];
  return from ? `import('${from}/${version}/${kind}').I${kind}` : null;
}

async function schemaFaults(manifests: readonly Manifest[]): Promise<string[]> {
  const file = join(ROOT, 'k8s', 'support', `.manifests-${process.pid}.ts`);
  const source = manifests.map((manifest, index) => {
    const apiVersion = SAME_AS[manifest.apiVersion] ?? manifest.apiVersion;
    return `export const m${index}: ${typeOf(manifest)} = ${JSON.stringify({ ...manifest, apiVersion })};`;
  });
  await writeFile(file, source.join('\n'));
  try {
    const program = ts.createProgram([file], {
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      types: [],
    });
    return ts.getPreEmitDiagnostics(program).map((diagnostic) => {
      const line = diagnostic.file?.getLineAndCharacterOfPosition(diagnostic.start ?? 0).line ?? 0;
      return `${nameOf(manifests[line]!)}: ${ts.flattenDiagnosticMessageText(diagnostic.messageText, ' ')}`;
    });
  } finally {
    await rm(file, { force: true });
  }
}
