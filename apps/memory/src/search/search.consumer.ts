import { Controller } from '@nestjs/common';
import { Search, type SearchReply, type SearchRequest } from '@parley/contracts';
import { HandleRpc, type MessageContext } from '@parley/messaging';
import { SearchService } from './search.service.js';

@Controller()
export class SearchConsumer {
  constructor(private readonly service: SearchService) {}

  @HandleRpc(Search)
  search(request: SearchRequest, { tenant, signal }: MessageContext): Promise<SearchReply> {
    return this.service.search(tenant, request, signal);
  }
}
