import { Controller } from '@nestjs/common';
import {
  AddWebPages,
  type AddWebPagesRequest,
  type DeletedReply,
  DeleteWebPage,
  type DocumentRequest,
  GetWebPage,
  ListWebPages,
  type ListWebPagesRequest,
  type Page,
  RefreshWebPage,
  ScheduleWebPage,
  type ScheduleWebPageRequest,
  type WebPageView,
} from '@parley/contracts';
import { HandleRpc, type MessageContext } from '@parley/messaging';
import { PagesService } from './pages.service.js';

@Controller()
export class PagesConsumer {
  constructor(private readonly service: PagesService) {}

  @HandleRpc(AddWebPages)
  add(request: AddWebPagesRequest, { tenant }: MessageContext): Promise<{ data: WebPageView[] }> {
    return this.service.add(tenant, request);
  }

  @HandleRpc(GetWebPage)
  get(request: DocumentRequest, { tenant }: MessageContext): Promise<WebPageView> {
    return this.service.get(tenant, request);
  }

  @HandleRpc(ListWebPages)
  list(request: ListWebPagesRequest, { tenant }: MessageContext): Promise<Page<WebPageView>> {
    return this.service.list(tenant, request);
  }

  @HandleRpc(ScheduleWebPage)
  schedule(request: ScheduleWebPageRequest, { tenant }: MessageContext): Promise<WebPageView> {
    return this.service.schedule(tenant, request);
  }

  @HandleRpc(RefreshWebPage)
  refresh(request: DocumentRequest, { tenant }: MessageContext): Promise<WebPageView> {
    return this.service.refresh(tenant, request);
  }

  @HandleRpc(DeleteWebPage)
  delete(request: DocumentRequest, { tenant }: MessageContext): Promise<DeletedReply> {
    return this.service.delete(tenant, request);
  }
}
