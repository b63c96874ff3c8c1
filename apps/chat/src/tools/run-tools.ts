import { Injectable } from '@nestjs/common';
import { type HttpToolDeclaration, type SearchHit, type SearchRequest, type TenantContext } from '@parley/contracts';
import { RetrievalClient } from '../runs/retrieval.client.js';
import { fileSearchTool } from './file-search.tool.js';
import { httpTool } from './http.tool.js';
import { HttpToolClient } from './http-tool.client.js';
import { type ServerTool } from './server-tool.js';
import { ToolsConfig } from './tools.config.js';

/** The server tools that a run offers to its model. */
export interface PlannedTools {
  /** Where the model may search; null: it may not. */
  fileSearch: Omit<SearchRequest, 'queries'> | null;
  http: readonly HttpToolDeclaration[];
}

@Injectable()
export class RunTools {
  constructor(
    private readonly retrieval: RetrievalClient,
    private readonly http: HttpToolClient,
    private readonly config: ToolsConfig,
  ) {}

  get maxRounds(): number {
    return this.config.maxRounds;
  }

  /** @param passages of the run so far; those that its searches find are added */
  of(tenant: TenantContext, { fileSearch, http }: PlannedTools, passages: SearchHit[]): ServerTool[] {
    const search = (request: SearchRequest, signal: AbortSignal) => this.retrieval.search(tenant, request, signal);
    return [
      ...(fileSearch ? [fileSearchTool({ request: fileSearch, search, passages })] : []),
      ...http.map((declaration) => httpTool(declaration, this.http)),
    ];
  }
}
