// attio-ts-sdk, an independent client, over every part of Attio that the sandbox has. It checks each answer by schemas of its own.
const sdk = require("attio-ts-sdk");
const answer = require("./answer");

const parts = {
  async identity({ client, url }) {
    const { data: self } = await sdk.getV2Self({ client });
    const stranger = sdk.createAttioClient({ apiKey: "unknown", baseUrl: url });
    const { data: unknown } = await sdk.getV2Self({ client: stranger });
    const members = await sdk.listWorkspaceMembers({ client });
    const member = await sdk.getWorkspaceMember({ client, workspaceMemberId: members[0].id.workspace_member_id });
    return { self, unknown, members: members.map((each) => each.email_address), member: member.email_address };
  },

  async objects({ client, bound }) {
    const made = await bound.objects.create({ apiSlug: "invoices", singularNoun: "Invoice", pluralNoun: "Invoices" });
    const changed = await bound.objects.update({ object: "invoices", singularNoun: "Bill" });
    const read = await bound.objects.get({ object: made.id.object_id });
    const listed = await bound.objects.list();
    return { made, changed, read, listed: listed.map((each) => each.api_slug) };
  },

  // Attio's document forgets the null of an unused currency setting, which real answers have, and this client's schemas with it.
  async attributes({ client, types, configs }) {
    const responseValidator = async (data) => data;
    const path = { target: "objects", identifier: "projects" };
    const made = [];
    for (const type of types) {
      const slug = `new_${type.replaceAll("-", "_")}`;
      const rest = { is_required: false, is_unique: false, is_multiselect: false, config: configs[type] ?? {} };
      const data = { title: type, description: null, api_slug: slug, type, ...rest };
      const { data: created } = await sdk.postV2ByTargetByIdentifierAttributes({ client, path, body: { data }, responseValidator });
      const one = { ...path, attribute: slug };
      const body = { data: { title: "Renamed" } };
      await sdk.patchV2ByTargetByIdentifierAttributesByAttribute({ client, path: one, body, responseValidator });
      const { data: read } = await sdk.getV2ByTargetByIdentifierAttributesByAttribute({ client, path: one, responseValidator });
      made.push([created.data.type, read.data.title]);
    }
    const { data: listed } = await sdk.getV2ByTargetByIdentifierAttributes({ client, path, responseValidator });
    return { made, listed: listed.data.map((each) => each.api_slug) };
  },

  async choices({ client }) {
    const tags = { target: "objects", identifier: "deals", attribute: "tags" };
    const stage = { ...tags, attribute: "stage" };
    const title = { data: { title: "Rush" } };
    const option = await sdk.postV2ByTargetByIdentifierAttributesByAttributeOptions({ client, path: tags, body: title });
    const archived = await sdk.patchV2ByTargetByIdentifierAttributesByAttributeOptionsByOption({
      client,
      path: { ...tags, option: "Rush" },
      body: { data: { is_archived: true } },
    });
    const status = await sdk.postV2ByTargetByIdentifierAttributesByAttributeStatuses({
      client,
      path: stage,
      body: { data: { title: "Invoiced", celebration_enabled: true, target_time_in_status: "P30D" } },
    });
    const renamed = await sdk.patchV2ByTargetByIdentifierAttributesByAttributeStatusesByStatus({
      client,
      path: { ...stage, status: status.data.data.id.status_id },
      body: { data: { title: "Billed" } },
    });
    const options = await sdk.getAttributeOptions({ client, ...tags });
    const statuses = await sdk.getAttributeStatuses({ client, ...stage });
    return {
      option: option.data.data,
      archived: archived.data.data,
      renamed: renamed.data.data,
      options: options.map((each) => each.title),
      statuses: statuses.map((each) => each.title),
    };
  },

  async records({ client, bound }) {
    const object = "companies";
    const values = { name: ["Fresh GmbH"], domains: ["fresh.example"], rate: [12.5] };
    const made = await bound.records.create({ object, values });
    const recordId = made.id.record_id;
    const read = await bound.records.get({ object, recordId });
    const patched = await bound.records.update({ object, recordId, values: { domains: ["more.example"] } });
    const path = { object, record_id: recordId };
    const body = { data: { values: { domains: ["fresh.example"], rate: [] } } };
    const { data: put } = await sdk.putV2ObjectsByObjectRecordsByRecordId({ client, path, body });
    const wanted = { domains: ["fresh.example"], description: ["asserted"] };
    const again = await bound.records.upsert({ object, matchingAttribute: "domains", values: wanted });
    const other = await bound.records.upsert({ object, matchingAttribute: "domains", values: { domains: ["new.example"] } });
    await bound.records.delete({ object, recordId });
    const gone = await bound.records.get({ object, recordId }).catch((error) => error);
    const domains = (record) => record.values.domains.map((each) => each.domain);
    return {
      made,
      read,
      patched: domains(patched),
      put: [domains(put.data), put.data.values.rate],
      again: again.id.record_id === recordId,
      other: other.id.record_id === recordId,
      gone: { status: gone.status, code: gone.code, not_found: sdk.isAttioNotFound(gone) },
    };
  },

  async query({ bound }) {
    const names = async (object, rest) => {
      const found = await bound.records.query({ object, ...rest });
      return found.map((each) => each.values.name[0].value ?? each.values.name[0].full_name);
    };
    const { filters } = sdk;
    const sorts = [{ direction: "desc", attribute: "rate" }];
    const types = new Set();
    for (const object of ["companies", "people", "deals", "projects"])
      for (const record of await bound.records.query({ object }))
        for (const value of Object.values(record.values).flat()) types.add(value.attribute_type);
    return {
      types: [...types].sort(),
      equal: await names("companies", { filter: filters.eq("name", "Café Noir") }),
      contains: await names("companies", { filter: filters.contains("name", "Noir") }),
      among: await names("companies", { filter: filters.in("name", ["Café Noir", "O'Neil Design"]) }),
      both: await names("companies", { filter: filters.and(filters.gte("rate", 450), filters.lt("rate", 451)) }),
      either: await names("companies", { filter: filters.or(filters.eq("name", "Café Noir"), filters.gte("health", 5)) }),
      not: await names("companies", { filter: filters.not(filters.eq("is_customer", true)) }),
      through: await names("deals", {
        filter: filters.path([["deals", "associated_company"], ["companies", "domains"]], { domain: "northwind.example" }),
      }),
      sorted: await names("companies", { sorts, limit: 3 }),
      paged: await names("companies", { sorts, paginate: true, pageSize: 5 }),
      all: await names("companies", { sorts }),
    };
  },

  async history({ client, record }) {
    const path = { object: "companies", record_id: record };
    for (const text of ["one", "two"])
      await sdk.putV2ObjectsByObjectRecordsByRecordId({ client, path, body: { data: { values: { description: [text] } } } });
    const values = { ...path, attribute: "description" };
    const read = (query) =>
      sdk.getV2ObjectsByObjectRecordsByRecordIdAttributesByAttributeValues({ client, path: values, query });
    const { data: history } = await read({ show_historic: true });
    const { data: page } = await read({ show_historic: true, limit: 1, offset: 1 });
    const { data: now } = await read({});
    return { history: history.data, page: page.data, now: now.data };
  },

  async webhooks({ client, target, keep }) {
    const subscriptions = [{ event_type: "record.created", filter: null }];
    const body = { data: { target_url: "https://hooks.northwind.example/attio", subscriptions } };
    const { data: made } = await sdk.postV2Webhooks({ client, body });
    const path = { webhook_id: made.data.id.webhook_id };
    const { data: changed } = await sdk.patchV2WebhooksByWebhookId({ client, path, body: { data: { target_url: target } } });
    const { data: read } = await sdk.getV2WebhooksByWebhookId({ client, path });
    await sdk.createRecord({ client, object: "companies", values: { name: ["Told"] } });
    if (!keep) await sdk.deleteV2WebhooksByWebhookId({ client, path });
    const { data: left } = await sdk.getV2Webhooks({ client });
    return { made: made.data, changed: changed.data, read: read.data, left: left.data };
  },

  async refusals({ bound }) {
    const of = (error) => ({
      status: error.status,
      code: error.code,
      type: error.type,
      retry: sdk.isRetryableAttioError(error),
      name: error.name,
    });
    const refused = (object, values) => bound.records.create({ object, values }).catch(of);
    return {
      attribute: await refused("companies", { nothing: ["x"] }),
      option: await refused("deals", { stage: ["Nowhere"] }),
      unique: await refused("projects", { code: ["P-001"] }),
      shape: await refused("companies", { rate: ["much"] }),
      object: await refused("nothing", {}),
      filter: await bound.records.query({ object: "deals", filter: { updated_at: "x" } }).catch(of),
    };
  },

  async patience({ bound }) {
    const started = Date.now();
    const listed = await bound.objects.list();
    return { objects: listed.length, waited: Date.now() - started };
  },
};

answer(async ({ part, url, token, ...rest }) => {
  const client = sdk.createAttioClient({ apiKey: token, baseUrl: url, responseStyle: "fields", throwOnError: true });
  return parts[part]({ client, bound: sdk.createAttioSdk({ client }), url, ...rest }).catch((error) => {
    throw new Error(`${error.name}: ${error.message} ${JSON.stringify(error.issues ?? error.cause?.issues ?? error.data ?? "")}`);
  });
});
