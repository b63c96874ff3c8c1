import { Injectable } from '@nestjs/common';
import {
  DeleteFile,
  type FilePurpose,
  type FileView,
  GetFile,
  ListFiles,
  type Page,
  type TenantContext,
} from '@parley/contracts';
import { MessageBus } from '@parley/messaging';
import { type PageFields } from '../wire/page.query.js';

const MAX_PAGE = 100;

@Injectable()
export class FilesService {
  constructor(private readonly bus: MessageBus) {}

  list(tenant: TenantContext, page: PageFields, purpose?: FilePurpose): Promise<Page<FileView>> {
    const limit = Math.min(page.limit, MAX_PAGE);
    return this.bus.request(ListFiles, { ...page, limit, ...(purpose ? { purpose } : {}) }, tenant);
  }

  get(tenant: TenantContext, id: string): Promise<FileView> {
    return this.bus.request(GetFile, { id }, tenant);
  }

  async delete(tenant: TenantContext, id: string): Promise<void> {
    await this.bus.request(DeleteFile, { id }, tenant);
  }
}
