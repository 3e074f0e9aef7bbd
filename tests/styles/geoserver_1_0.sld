<?xml version="1.0" encoding="ISO-8859-1"?>
<StyledLayerDescriptor version="1.0.0" xmlns="http://www.opengis.net/sld" xmlns:ogc="http://www.opengis.net/ogc" xmlns:xlink="http://www.w3.org/1999/xlink">
  <NamedLayer>
    <Name>topp:states</Name>
    <UserStyle>
      <Name>population</Name>
      <Title>Population des Etats</Title>
      <Abstract>Trois classes</Abstract>
      <IsDefault>1</IsDefault>
      <FeatureTypeStyle>
        <Rule>
          <Title>moins de 2M</Title>
          <ogc:Filter>
            <ogc:PropertyIsLessThan>
              <ogc:PropertyName>PERSONS</ogc:PropertyName>
              <ogc:Literal>2000000</ogc:Literal>
            </ogc:PropertyIsLessThan>
          </ogc:Filter>
          <PolygonSymbolizer>
            <Fill>
              <CssParameter name="fill">#4DFF4D</CssParameter>
              <CssParameter name="fill-opacity">0.7</CssParameter>
            </Fill>
          </PolygonSymbolizer>
        </Rule>
        <Rule>
          <ElseFilter/>
          <PolygonSymbolizer>
            <Fill>
              <GraphicFill>
                <Graphic>
                  <Mark>
                    <WellKnownName>shape://times</WellKnownName>
                    <Stroke>
                      <CssParameter name="stroke">#990099</CssParameter>
                    </Stroke>
                  </Mark>
                  <Size>16</Size>
                </Graphic>
              </GraphicFill>
            </Fill>
            <Stroke/>
          </PolygonSymbolizer>
          <TextSymbolizer>
            <Label>
              <ogc:PropertyName>STATE_NAME</ogc:PropertyName><![CDATA[ (]]><ogc:Function name="numberFormat"><ogc:Literal>#,##0</ogc:Literal><ogc:PropertyName>PERSONS</ogc:PropertyName></ogc:Function><![CDATA[)]]>
            </Label>
            <Font>
              <CssParameter name="font-family">Times New Roman, serif</CssParameter>
              <CssParameter name="font-style">italic</CssParameter>
              <CssParameter name="font-size">14</CssParameter>
            </Font>
            <Fill>
              <CssParameter name="fill">#000000</CssParameter>
            </Fill>
            <Priority><ogc:PropertyName>PERSONS</ogc:PropertyName></Priority>
            <VendorOption name="group">yes</VendorOption>
            <VendorOption name="spaceAround">10</VendorOption>
            <VendorOption name="underlineText">true</VendorOption>
          </TextSymbolizer>
        </Rule>
        <VendorOption name="ruleEvaluation">first</VendorOption>
      </FeatureTypeStyle>
      <FeatureTypeStyle>
        <Transformation><ogc:Function name="ras:Contour"/></Transformation>
        <Rule>
          <RasterSymbolizer/>
          <LegendGraphic><Graphic/></LegendGraphic>
          <LineSymbolizer>
            <Stroke>
              <CssParameter name="stroke"><ogc:Function name="if_then_else"><ogc:Function name="isNull"><ogc:PropertyName>a</ogc:PropertyName></ogc:Function><ogc:Literal>#ff0000</ogc:Literal><ogc:Literal>blue</ogc:Literal></ogc:Function></CssParameter>
              <CssParameter name="stroke-width">3m</CssParameter>
            </Stroke>
          </LineSymbolizer>
        </Rule>
      </FeatureTypeStyle>
    </UserStyle>
    <NamedStyle><Name>grey</Name></NamedStyle>
  </NamedLayer>
</StyledLayerDescriptor>
