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

/**
 * Holds manifests against the published Kubernetes types. The validators of `kubernetes-models` let unknown fields pass,
 * its declarations do not: each object becomes a typed literal, and the compiler finds what the schema does not know.
 * @returns one line per fault
 */
export async function schemaFaults(manifests: readonly Manifest[]): Promise<string[]> {
  const file = join(ROOT, 'k8s', 'support', `.manifests-${process.pid}.ts`);
  const source = manifests.map((manifest, index) => {
    const from = manifest.apiVersion === 'v1' ? 'v1' : manifest.apiVersion;
    const type = `import('kubernetes-models/${from}/${manifest.kind}').I${manifest.kind}`;
    return `export const m${index}: ${type} = ${JSON.stringify(manifest)};`;
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
      const { kind, metadata } = manifests[line]!;
      return `${kind} ${metadata.name}: ${ts.flattenDiagnosticMessageText(diagnostic.messageText, ' ')}`;
    });
  } finally {
    await rm(file, { force: true });
  }
}
