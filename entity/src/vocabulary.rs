//! The closed lists of words that columns take. They are kept as text, spelt as in the API.

use async_graphql::{Enum, OutputType, registry::Registry};
use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::Deserialize;

use crate::column::{ColumnValue, SubField, write_word};

macro_rules! vocabulary {
    ($($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $word:ident,)+ })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Enum, Deserialize)]
        #[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
        #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
        pub enum $name { $($(#[$word_doc])* $word,)+ }

        impl ColumnValue for $name {
            fn type_info(registry: &mut Registry) -> Option<String> {
                Some(<Self as OutputType>::create_type_info(registry))
            }

            fn write(&self, _: &[SubField], to: &mut Vec<u8>) {
                write_word(self, to);
            }
        }
    )+};
}

vocabulary! {
    /// What sort of place a district is.
    DistrictKind {
        /// The whole world, as a frame of reference.
        World,
        /// A part of the world with several countries in it, such as a continent, as a frame of
        /// reference.
        Region,
        /// A country, as a frame of reference.
        Country,
        /// A province, autonomous region or province-level municipality used for reference.
        Province,
        /// A special administrative region used for reference.
        SpecialAdministrativeRegion,
        /// A city whose figures are kept here.
        City,
        /// An administrative district of a city.
        District,
        /// An economic and technological development area; it may overlap districts.
        DevelopmentArea,
        /// An economic zone around a site such as an airport; it may overlap districts.
        EconomicZone,
    }

    /// What sort of organisation this is.
    OrganizationKind {
        /// A company.
        Company,
        /// A stock or commodity exchange.
        Exchange,
        /// A newspaper, broadcaster, news or picture agency.
        Media,
        /// A government body.
        Government,
        /// A university or research institute.
        University,
        /// An association of members.
        Association,
        /// Anything else.
        Other,
    }

    /// What an organisation does in an initiative.
    OrganizationRole {
        /// Owns what the initiative builds or runs.
        Owner,
        /// Runs it from day to day.
        Operator,
        /// Develops or builds it.
        Developer,
        /// Takes part beside others.
        Partner,
        /// Issues the shares or securities the initiative is about.
        Issuer,
        /// Gives it a place, such as the exchange of a listing.
        Host,
    }

    /// What sort of undertaking an initiative is.
    InitiativeKind {
        /// A bundle of measures under one aim, without a site of its own.
        Programme,
        /// A single undertaking with an end in view.
        Project,
        /// A building or plant: a factory, a venue.
        Facility,
        /// A technical platform that others build on.
        Platform,
        /// A thing made and released: software, a device.
        Product,
        /// A trial, often under a national scheme.
        Pilot,
        /// Something that happens on one day, such as a listing.
        Event,
    }

    /// How far an initiative has come, as far as its source says.
    InitiativeStatus {
        /// Announced, not begun.
        Planned,
        /// Chosen for a scheme; the work itself is not reported.
        Selected,
        /// Under way.
        Ongoing,
        /// Being built.
        UnderConstruction,
        /// Released or opened.
        Launched,
        /// Built or done.
        Completed,
        /// Built and producing in series.
        InProduction,
    }

    /// What is asserted without being measured.
    ClaimKind {
        /// The first of its kind within the scope.
        First,
        /// A position in an order; see `position`.
        Rank,
        /// The highest or lowest within the period.
        Record,
        /// Among the leaders, without a position.
        Forefront,
        /// A goal somebody set, not something reached.
        Aspiration,
    }

    /// What sort of quantity a metric is. Only levels can ever be added up.
    Measure {
        /// An amount or a count.
        Level,
        /// A part of a whole, usually in percent.
        Share,
        /// One quantity for each unit of another, such as stations per 10,000 persons.
        Ratio,
        /// How often something happens or is done among those that could.
        Rate,
        /// A change relative to an earlier period, usually in percent.
        Growth,
        /// A quantity relative to a base period set to 100 or 1.
        Index,
        /// Points on a scale, such as satisfaction.
        Score,
    }

    /// How figures of a metric may be combined over places or periods.
    Aggregation {
        /// They may be added up.
        Sum,
        /// They may be averaged.
        Mean,
        /// They may not be combined.
        None,
    }

    /// Whether a level counts what is there or what happened.
    Accumulation {
        /// Counted at a moment: how many there are.
        Stock,
        /// Counted over the period: how many there were.
        Flow,
    }

    /// Which way a metric is better.
    MetricDirection {
        /// More is better.
        HigherIsBetter,
        /// Less is better.
        LowerIsBetter,
        /// Neither way is better in itself.
        Neutral,
    }

    /// What a unit measures.
    Dimension {
        /// Money.
        Currency,
        /// Things of one sort, counted.
        Count,
        /// A pure number: a percentage, a number per 10,000.
        Ratio,
        /// Length or distance.
        Length,
        /// Lengths of time.
        Time,
        /// Calculations a second.
        ComputingPower,
        /// Points on a scale.
        Score,
    }

    /// Why a metric stands beside an initiative.
    MetricBasis {
        /// The source gives the metric as this initiative's own result.
        Stated,
        /// The metric describes the field around the initiative; its figures are not the
        /// initiative's own.
        Context,
    }

    /// How a source's date is known.
    DateBasis {
        /// The source states it in full.
        Stated,
        /// Part of it follows from the contents; the source's note says how.
        Inferred,
    }

    /// How the value relates to the true figure. Anything but EQUAL is a bound or an
    /// approximation and must never be read as the figure itself.
    Comparator {
        /// The figure is the value.
        Equal,
        /// The figure is greater than the value.
        MoreThan,
        /// The figure is the value or greater.
        AtLeast,
        /// The figure is less than the value.
        LessThan,
        /// The figure is the value or less.
        AtMost,
        /// The figure is around the value, on either side.
        About,
        /// The figure is a little less than the value.
        Nearly,
        /// How the figure relates to the value is not known: what comes of two bounds that do not
        /// bound their combination. Only of computed figures, never of recorded ones.
        Unknown,
    }

    /// How good a figure is (SDMX OBS_STATUS).
    ObservationStatus {
        /// Nothing is known against it (SDMX A).
        Normal,
        /// Published early, to be revised (SDMX P).
        Provisional,
        /// Estimated by its source (SDMX E).
        Estimated,
        /// Looks ahead (SDMX F).
        Forecast,
        /// Filled in from other figures (SDMX I).
        Imputed,
        /// Not comparable with the figures before it (SDMX B).
        Break,
        /// To be used with care; the note says why (SDMX U).
        Unreliable,
        /// There should be a figure and there is none; the value is null (SDMX M).
        Missing,
        /// The figure exists and is withheld; the value is null (SDMX Q).
        Suppressed,
    }

    /// The prices in which a money figure or its growth is expressed.
    PriceBasis {
        /// Prices of the period itself: growth includes inflation.
        Current,
        /// Prices of a fixed period: growth is real.
        Constant,
    }

    /// What somebody may do; each may do what those before may.
    Role {
        /// Reads what is public.
        Reader,
        /// Records and changes data, and sees figures that are not public yet.
        Editor,
        /// Decides when figures become public.
        Publisher,
        /// Grants and withdraws access, and reads who changed what.
        Admin,
    }

    /// What became of something.
    ChangeKind {
        /// It is new.
        Created,
        /// It was changed; of a figure: corrected.
        Updated,
        /// It was removed; of a figure: retracted.
        Removed,
    }
}
