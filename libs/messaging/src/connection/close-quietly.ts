/** Closes what may be closed already, or be beyond answering. */
export async function closeQuietly(closable: { close(): Promise<void> }): Promise<void> {
  try {
    await closable.close();
  } catch {
    // It is gone, which is what was wanted.
  }
}
