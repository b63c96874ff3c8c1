import { describe, expect, it } from '@jest/globals';
import { loggingParams } from './logging.js';
import { requestScope } from './request-scope.js';

describe('A line of the log', () => {
  const { mixin } = loggingParams('spec', 'info').pinoHttp as { mixin: () => object };
  const inScope = (traceparent?: string) => requestScope.run({ requestId: 'r', tenantId: 't', traceparent }, mixin);

  it('names request, tenant and trace, whoever records the trace', () => {
    expect(inScope('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00')).toEqual({
      requestId: 'r',
      tenantId: 't',
      trace_id: '0af7651916cd43dd8448eb211c80319c',
      span_id: 'b7ad6b7169203331',
    });
  });

  it('names no trace where there is none, and nothing outside of a request', () => {
    expect(inScope()).toEqual({ requestId: 'r', tenantId: 't' });
    expect(inScope('no trace context')).toEqual({ requestId: 'r', tenantId: 't' });
    expect(mixin()).toEqual({});
  });
});
