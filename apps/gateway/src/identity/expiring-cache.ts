interface Entry<V> {
  value: V;
  expiresAtMs: number;
}

/** Remembers values for a while, the newest `maxEntries` of them. */
export class ExpiringCache<V> {
  readonly #entries = new Map<string, Entry<V>>();

  constructor(
    private readonly ttlMs: number,
    private readonly maxEntries: number,
    private readonly now: () => number = Date.now,
  ) {}

  get(key: string): V | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    if (entry.expiresAtMs > this.now()) return entry.value;
    this.#entries.delete(key);
    return undefined;
  }

  /** @param notAfterMs epoch milliseconds at which the value ends whatever the time to live */
  set(key: string, value: V, notAfterMs = Infinity): void {
    this.#entries.delete(key);
    this.#entries.set(key, { value, expiresAtMs: Math.min(this.now() + this.ttlMs, notAfterMs) });
    if (this.#entries.size <= this.maxEntries) return;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
  }

  deleteWhere(matches: (value: V) => boolean): void {
    for (const [key, { value }] of this.#entries) if (matches(value)) this.#entries.delete(key);
  }
}
