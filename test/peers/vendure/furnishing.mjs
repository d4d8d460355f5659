// What a shop needs before it can sell, by its own API; and products in bulk by Vendure's own importer.

/** The recorded way: a country, a zone, tax, a channel in pounds, one shipping method, and two dummy ways to pay. */
export async function furnish(url) {
  let token = '';
  const ask = async (query, variables = {}) => {
    const response = await fetch(`${url}/admin-api`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token === '' ? {} : { authorization: `Bearer ${token}` }) },
      body: JSON.stringify({ query, variables }),
    });
    token = response.headers.get('vendure-auth-token') ?? token;
    const { data, errors } = await response.json();
    if (errors) throw new Error(JSON.stringify(errors));
    return data;
  };
  await ask('mutation { login(username: "superadmin", password: "superadmin") { __typename } }');
  const { createCountry } = await ask('mutation { createCountry(input: { code: "GB", enabled: true, translations: [{ languageCode: en, name: "United Kingdom" }] }) { id } }');
  const { createZone } = await ask('mutation ($members: [ID!]) { createZone(input: { name: "UK", memberIds: $members }) { id } }', { members: [createCountry.id] });
  const { createTaxCategory } = await ask('mutation { createTaxCategory(input: { name: "Standard", isDefault: true }) { id } }');
  await ask('mutation ($input: CreateTaxRateInput!) { createTaxRate(input: $input) { id } }', {
    input: { name: 'VAT', enabled: true, value: 20, categoryId: createTaxCategory.id, zoneId: createZone.id },
  });
  const { activeChannel } = await ask('{ activeChannel { id } }');
  await ask('mutation ($input: UpdateChannelInput!) { updateChannel(input: $input) { __typename } }', {
    input: { id: activeChannel.id, defaultTaxZoneId: createZone.id, defaultShippingZoneId: createZone.id, defaultCurrencyCode: 'GBP', availableCurrencyCodes: ['GBP'], pricesIncludeTax: false, trackInventory: true },
  });
  const translations = [{ languageCode: 'en', name: 'Standard', description: '' }];
  const argumentsOf = (given) => Object.entries(given).map(([name, value]) => ({ name, value }));
  await ask('mutation ($input: CreateShippingMethodInput!) { createShippingMethod(input: $input) { id } }', {
    input: {
      code: 'standard', fulfillmentHandler: 'manual-fulfillment', translations,
      checker: { code: 'default-shipping-eligibility-checker', arguments: argumentsOf({ orderMinimum: '0' }) },
      calculator: { code: 'default-shipping-calculator', arguments: argumentsOf({ rate: '500', taxRate: '20', includesTax: 'auto' }) },
    },
  });
  for (const [code, automaticSettle] of [['authorise', 'false'], ['settle', 'true']]) {
    await ask('mutation ($input: CreatePaymentMethodInput!) { createPaymentMethod(input: $input) { id } }', {
      input: { code, enabled: true, translations, handler: { code: 'dummy-payment-handler', arguments: argumentsOf({ automaticSettle }) } },
    });
  }
}

/** One product with one variant for each of `products`, in that order; gives the variants' ids. Some thousand take seconds. */
export async function addProducts(core, app, products) {
  const importer = app.get(core.FastImporterService);
  await importer.initialize(await app.get(core.ChannelService).getDefaultChannel());
  const [category] = await app.get(core.TransactionalConnection).rawConnection.getRepository(core.TaxCategory).find();
  const ids = [];
  for (const { sku, name = sku, priceMinor = 100, levels = [], trackInventory = 'INHERIT', outOfStockThreshold } of products) {
    const translations = [{ languageCode: 'en', name, slug: sku, description: '' }];
    const productId = await importer.createProduct({ enabled: true, translations });
    const variant = { productId, sku, price: priceMinor, taxCategoryId: category.id, trackInventory, translations: [{ languageCode: 'en', name }] };
    const threshold = outOfStockThreshold === undefined ? {} : { outOfStockThreshold, useGlobalOutOfStockThreshold: false };
    const stockLevels = levels.map(({ locationId, onHand }) => ({ stockLocationId: locationId, stockOnHand: onHand }));
    ids.push(String(await importer.createProductVariant({ ...variant, ...threshold, ...(stockLevels.length > 0 ? { stockLevels } : {}) })));
  }
  return ids;
}
