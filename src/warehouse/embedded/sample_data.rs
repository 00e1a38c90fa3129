//! Fills the tables of the sample data: TPC-H, generated in this process at start-up.

use std::fmt::Display;
use std::thread;

use duckdb::types::{Decimal, DecimalError, Value};
use duckdb::{Appender, Connection};
use tpchgen::dates::TPCHDate;
use tpchgen::decimal::TPCHDecimal;
use tpchgen::distribution::Distributions;
use tpchgen::generators::{
    CustomerGenerator, LineItemGenerator, NationGenerator, OrderGenerator, PartGenerator,
    PartSuppGenerator, RegionGenerator, SupplierGenerator,
};
use tpchgen::text::TextPool;

use super::catalog::{SAMPLE_DATABASE, SAMPLE_SCHEMA};

/// Size of the pool that comments are cut from, in bytes.
///
/// The generator's own pool is 300 MiB and takes more than a second to make. With 4 MiB it takes 20 ms, and nothing but
/// the wording of the comments differs.
const TEXT_POOL_BYTES: i32 = 4 << 20;

/// Rows and bytes of a table.
pub(super) type Size = (u64, u64);

/// Fills the eight tables, which must be there and empty, and says how much went into each.
///
/// The line items are two thirds of the work; the other tables are filled beside them.
pub(super) fn load(
    connection: &Connection,
    scale_factor: f64,
) -> duckdb::Result<Vec<(&'static str, Size)>> {
    let distributions = Distributions::static_default();
    let source = Source {
        scale_factor,
        distributions,
        texts: TextPool::new(TEXT_POOL_BYTES, distributions),
    };
    let beside = connection.try_clone()?;
    thread::scope(|scope| {
        let others = scope.spawn(|| source.all_but_line_items(beside));
        let mut sizes = vec![source.line_items(connection)?];
        let others = others.join().unwrap_or(Err(duckdb::Error::AppendError))?;
        sizes.extend(others);
        Ok(sizes)
    })
}

struct Source {
    scale_factor: f64,
    distributions: &'static Distributions,
    texts: TextPool,
}

type Filled = duckdb::Result<(&'static str, Size)>;

impl Source {
    fn all_but_line_items(
        &self,
        connection: Connection,
    ) -> duckdb::Result<Vec<(&'static str, Size)>> {
        [
            Self::orders,
            Self::customers,
            Self::parts,
            Self::part_suppliers,
            Self::suppliers,
            Self::nations,
            Self::regions,
        ]
        .into_iter()
        .map(|fill| fill(self, &connection))
        .collect()
    }

    fn line_items(&self, connection: &Connection) -> Filled {
        let rows = LineItemGenerator::new_with_distributions_and_text_pool(
            self.scale_factor,
            1,
            1,
            self.distributions,
            &self.texts,
        );
        fill(connection, "LINEITEM", rows.iter(), |line, row| {
            row.number(line.l_orderkey);
            row.number(line.l_partkey);
            row.number(line.l_suppkey);
            row.number(line.l_linenumber);
            row.number(line.l_quantity);
            row.money(line.l_extendedprice);
            row.money(line.l_discount);
            row.money(line.l_tax);
            row.text(line.l_returnflag);
            row.text(line.l_linestatus);
            row.date(line.l_shipdate);
            row.date(line.l_commitdate);
            row.date(line.l_receiptdate);
            row.text(line.l_shipinstruct);
            row.text(line.l_shipmode);
            row.text(line.l_comment);
        })
    }

    fn orders(&self, connection: &Connection) -> Filled {
        let rows = OrderGenerator::new_with_distributions_and_text_pool(
            self.scale_factor,
            1,
            1,
            self.distributions,
            &self.texts,
        );
        fill(connection, "ORDERS", rows.iter(), |order, row| {
            row.number(order.o_orderkey);
            row.number(order.o_custkey);
            row.text(order.o_orderstatus.as_str());
            row.money(order.o_totalprice);
            row.date(order.o_orderdate);
            row.text(order.o_orderpriority);
            row.text(order.o_clerk);
            row.number(order.o_shippriority);
            row.text(order.o_comment);
        })
    }

    fn customers(&self, connection: &Connection) -> Filled {
        let rows = CustomerGenerator::new_with_distributions_and_text_pool(
            self.scale_factor,
            1,
            1,
            self.distributions,
            &self.texts,
        );
        fill(connection, "CUSTOMER", rows.iter(), |customer, row| {
            row.number(customer.c_custkey);
            row.text(customer.c_name);
            row.text(customer.c_address);
            row.number(customer.c_nationkey);
            row.text(customer.c_phone);
            row.money(customer.c_acctbal);
            row.text(customer.c_mktsegment);
            row.text(customer.c_comment);
        })
    }

    fn parts(&self, connection: &Connection) -> Filled {
        let rows = PartGenerator::new_with_distributions_and_text_pool(
            self.scale_factor,
            1,
            1,
            self.distributions,
            &self.texts,
        );
        fill(connection, "PART", rows.iter(), |part, row| {
            row.number(part.p_partkey);
            row.text(part.p_name);
            row.text(part.p_mfgr);
            row.text(part.p_brand);
            row.text(part.p_type);
            row.number(part.p_size);
            row.text(part.p_container);
            row.money(part.p_retailprice);
            row.text(part.p_comment);
        })
    }

    fn part_suppliers(&self, connection: &Connection) -> Filled {
        let rows = PartSuppGenerator::new_with_text_pool(self.scale_factor, 1, 1, &self.texts);
        fill(connection, "PARTSUPP", rows.iter(), |offer, row| {
            row.number(offer.ps_partkey);
            row.number(offer.ps_suppkey);
            row.number(offer.ps_availqty);
            row.money(offer.ps_supplycost);
            row.text(offer.ps_comment);
        })
    }

    fn suppliers(&self, connection: &Connection) -> Filled {
        let rows = SupplierGenerator::new_with_distributions_and_text_pool(
            self.scale_factor,
            1,
            1,
            self.distributions,
            &self.texts,
        );
        fill(connection, "SUPPLIER", rows.iter(), |supplier, row| {
            row.number(supplier.s_suppkey);
            row.text(supplier.s_name);
            row.text(supplier.s_address);
            row.number(supplier.s_nationkey);
            row.text(supplier.s_phone);
            row.money(supplier.s_acctbal);
            row.text(supplier.s_comment);
        })
    }

    fn nations(&self, connection: &Connection) -> Filled {
        let rows =
            NationGenerator::new_with_distributions_and_text_pool(self.distributions, &self.texts);
        fill(connection, "NATION", rows.iter(), |nation, row| {
            row.number(nation.n_nationkey);
            row.text(nation.n_name);
            row.number(nation.n_regionkey);
            row.text(nation.n_comment);
        })
    }

    fn regions(&self, connection: &Connection) -> Filled {
        let rows =
            RegionGenerator::new_with_distributions_and_text_pool(self.distributions, &self.texts);
        fill(connection, "REGION", rows.iter(), |region, row| {
            row.number(region.r_regionkey);
            row.text(region.r_name);
            row.text(region.r_comment);
        })
    }
}

/// Appends every row of an iterator, its values told by `describe`.
fn fill<R>(
    connection: &Connection,
    table: &'static str,
    rows: impl Iterator<Item = R>,
    describe: impl Fn(R, &mut Row),
) -> Filled {
    let mut appender: Appender<'_> =
        connection.appender_to_catalog_and_db(table, SAMPLE_DATABASE, SAMPLE_SCHEMA)?;
    let mut count = 0;
    let mut row = Row::default();
    for described in rows {
        describe(described, &mut row);
        if let Some(error) = row.error.take() {
            return Err(error.into());
        }
        appender.append_row(duckdb::appender_params_from_iter(row.values.drain(..)))?;
        count += 1;
    }
    appender.flush()?;
    Ok((table, (count, row.bytes)))
}

/// The values of one row, and the bytes of all rows so far.
#[derive(Default)]
struct Row {
    values: Vec<Value>,
    bytes: u64,
    error: Option<DecimalError>,
}

impl Row {
    fn number(&mut self, number: impl Into<i64>) {
        self.values.push(Value::BigInt(number.into()));
        self.bytes += 8;
    }

    fn money(&mut self, money: TPCHDecimal) {
        match Decimal::new(12, 2, money.into_inner().into()) {
            Ok(decimal) => self.values.push(Value::Decimal(decimal)),
            Err(error) => self.error = Some(error),
        }
        self.bytes += 8;
    }

    fn date(&mut self, date: TPCHDate) {
        self.values.push(Value::Date32(date.to_unix_epoch()));
        self.bytes += 4;
    }

    fn text(&mut self, text: impl Display) {
        let text = text.to_string();
        self.bytes += u64::try_from(text.len()).unwrap_or(0);
        self.values.push(Value::Text(text));
    }
}
