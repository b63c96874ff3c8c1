import { Injectable } from '@nestjs/common';
import {
  AddWebPages,
  DeleteWebPage,
  DomainError,
  GetWebPage,
  ListWebPages,
  type Page,
  RefreshWebPage,
  ScheduleWebPage,
  type TenantContext,
  type WebPageView,
} from '@parley/contracts';
import { MessageBus } from '@parley/messaging';
import { type PageFields } from '../wire/page.query.js';
import { chunkingOptions } from './chunking-strategy.js';
import { type AddUrlsBody, urlsOf } from './url.request.js';

/** The web pages of a knowledge base. */
@Injectable()
export class UrlsService {
  constructor(private readonly bus: MessageBus) {}

  /** In the order of the request. @throws DomainError `url_refused` that names the address at fault */
  async add(tenant: TenantContext, knowledgeBaseId: string, body: AddUrlsBody): Promise<WebPageView[]> {
    const request = {
      ...{ knowledgeBaseId, urls: urlsOf(body), attributes: body.attributes ?? {} },
      ...chunkingOptions(body.chunking_strategy),
      ...(body.refresh_interval_hours ? { refreshIntervalHours: body.refresh_interval_hours } : {}),
    };
    try {
      return (await this.bus.request(AddWebPages, request, tenant)).data;
    } catch (error) {
      throw error instanceof DomainError && body.url !== undefined && error.param === 'urls.0'
        ? new DomainError(error.code, error.message, { param: 'url' })
        : error;
    }
  }

  list(tenant: TenantContext, knowledgeBaseId: string, page: PageFields): Promise<Page<WebPageView>> {
    return this.bus.request(ListWebPages, { ...page, knowledgeBaseId }, tenant);
  }

  get(tenant: TenantContext, knowledgeBaseId: string, fileId: string): Promise<WebPageView> {
    return this.bus.request(GetWebPage, { knowledgeBaseId, fileId }, tenant);
  }

  refresh(tenant: TenantContext, knowledgeBaseId: string, fileId: string): Promise<WebPageView> {
    return this.bus.request(RefreshWebPage, { knowledgeBaseId, fileId }, tenant);
  }

  schedule(
    tenant: TenantContext,
    knowledgeBaseId: string,
    fileId: string,
    refreshIntervalHours: number | null,
  ): Promise<WebPageView> {
    return this.bus.request(ScheduleWebPage, { knowledgeBaseId, fileId, refreshIntervalHours }, tenant);
  }

  async delete(tenant: TenantContext, knowledgeBaseId: string, fileId: string): Promise<void> {
    await this.bus.request(DeleteWebPage, { knowledgeBaseId, fileId }, tenant);
  }
}
