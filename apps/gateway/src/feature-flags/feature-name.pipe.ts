import { Injectable, type PipeTransform } from '@nestjs/common';
import { DomainError, FEATURE_NAME } from '@parley/contracts';

/** The name of a flag in a path. What cannot be one is not there. */
@Injectable()
export class FeatureNamePipe implements PipeTransform<string, string> {
  transform(value: string): string {
    if (FEATURE_NAME.test(value)) return value;
    throw DomainError.notFound('feature flag', 'feature');
  }
}
