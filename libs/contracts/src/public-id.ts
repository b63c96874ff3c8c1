const PREFIXES = {
  file: 'file-',
  knowledgeBase: 'vs_',
  fileBatch: 'vsfb_',
  chunk: 'chunk_',
  embeddingMigration: 'emig_',
  assistant: 'asst_',
  conversation: 'conv_',
  message: 'msg_',
  run: 'run_',
  completion: 'chatcmpl-',
  response: 'resp_',
  tenant: 'tenant_',
  user: 'user_',
  apiKey: 'key_',
  evaluation: 'eval_',
  ingestionJob: 'job_',
} as const;

export type PublicIdKind = keyof typeof PREFIXES;

const HEX = /^[0-9a-f]{32}$/;

/** A uuid as clients see it: `asst_` and 32 hexadecimal digits. */
export function formatId(kind: PublicIdKind, uuid: string): string {
  return PREFIXES[kind] + uuid.replaceAll('-', '');
}

/** The uuid behind a public id, or null when the text is not one of that kind (clients then get 404). */
export function parseId(kind: PublicIdKind, text: string): string | null {
  const prefix = PREFIXES[kind];
  const hex = text.slice(prefix.length);
  if (!text.startsWith(prefix) || !HEX.test(hex)) return null;
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
