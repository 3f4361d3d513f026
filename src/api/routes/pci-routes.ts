/** Card data is being taken: whoever takes it says when it begins, and when it is over. */

import { z } from 'zod';
import type { PciVerbs } from '../../governance/use-cases/administration.ts';
import { pciWindowView } from '../../model/api/pci.ts';
import { callId } from '../../model/api/words.ts';
import type { Api } from '../api.ts';
import { principalOf } from '../route-access.ts';

const tags = ['calls'];
const params = z.strictObject({ call: callId });

export function addPciRoutes(api: Api, verbs: PciVerbs): void {
  api.post(
    '/v1/calls/:call/pci-window',
    {
      config: { access: { action: 'silence', subject: 'Hearing', tenants: () => [] } },
      schema: {
        operationId: 'openPciWindow',
        tags,
        summary: 'Card data is being taken: nobody hears the customer, at once',
        params,
        response: { 201: pciWindowView },
      },
    },
    async (request, reply) =>
      reply.code(201).send(await verbs.openPciWindow(principalOf(request), request.params.call)),
  );

  api.delete(
    '/v1/calls/:call/pci-window',
    {
      config: { access: { action: 'change', subject: 'Hearing' } },
      schema: {
        operationId: 'closePciWindow',
        tags,
        summary: 'It is over: policy decides again who may hear the customer',
        params,
        response: { 200: pciWindowView },
      },
    },
    (request) => verbs.closePciWindow(principalOf(request), request.params.call),
  );
}
